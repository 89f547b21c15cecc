// What the reader brings: the trust card, typed or pasted, or policy and anchors.json as files. Nothing of it is taken from the dossier.

const MAX_TRUST = 1 << 20;

// Calls `given(texts)` with the texts of the card or of both files; what it raises is said below the fields.
function trustForm(given_) {
  const form = document.getElementById("trust"), card = document.getElementById("card"), files = document.getElementById("trust-files"), said = document.getElementById("trust-said");
  const give = async (texts) => {
    said.replaceChildren();
    try {
      await given_(await texts());
    } catch (error) {
      said.replaceChildren("This cannot be used: ", outside(error.message));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(async () => [card.value]);
  });
  files.addEventListener("change", () => files.files.length && give(() => textsOf([...files.files])));
}

async function textsOf(files) {
  if (files.length > 2 || files.some((file) => file.size > MAX_TRUST)) throw new Error("choose the card, or policy and anchors.json, and nothing else");
  const texts = await Promise.all(files.map((file) => file.text()));
  return texts;
}
