// What this page is, so that its program can be compared with one that came another way.

const PROGRAM = document.currentScript.textContent;

async function programShown() {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PROGRAM));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
