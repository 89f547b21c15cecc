// What the reader brings: the trust card, typed or pasted, or policy and anchors.json as files. Nothing of it is taken from the dossier.

const TRUST_AT_MOST = 1 << 20;

// Calls `use` with the text of the card, or with those of both files; what it raises is said below the fields.
function trustForm(use) {
  const [form, card, files, said] = ["trust", "card", "trust-files", "trust-said"].map((id) => document.getElementById(id));
  const give = async (brought) => {
    said.replaceChildren();
    try {
      await use(await brought());
    } catch (error) {
      said.replaceChildren("This cannot be used: ", outside(error.message));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(async () => card.value);
  });
  files.addEventListener("change", () => files.files.length && give(() => trustOf([...files.files])));
}

// The bytes of a card, or of policy and anchors: these are JSON, that is not.
async function trustOf(files) {
  const fits = files.length <= 2 && files.every((file) => file.size <= TRUST_AT_MOST);
  if (!fits) throw new Error("choose the card alone, or policy and anchors.json, both at once");
  const [one, other] = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  if (other === undefined) return one;
  const isJson = (bytes) => bytes[0] === 0x7b || bytes[0] === 0x5b;
  return isJson(one) ? { policy: other, anchors: one } : { policy: one, anchors: other };
}
