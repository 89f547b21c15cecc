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
      said.replaceChildren("This cannot be used, and the outcome above is as it was: ", outside(error.message));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(async () => cardsOf(card.value));
  });
  files.addEventListener("change", () => files.files.length && give(() => trustOf([...files.files])));
}

// Of several ledgers several cards, one after another.
function cardsOf(text) {
  const cards = text.split(/(?=custody-card\/v)/iu).filter((one) => one.trim() !== "");
  return cards.length > 1 ? cards : text;
}

// The bytes of cards, or of policy and anchors: of these one is JSON.
async function trustOf(files) {
  const isJson = (bytes) => bytes[0] === 0x7b || bytes[0] === 0x5b, wrong = "choose the cards alone, or policy and anchors.json, both at once";
  if (files.some((file) => file.size > TRUST_AT_MOST)) throw new Error(wrong);
  const texts = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer()))), [one, other] = texts;
  if (!texts.some(isJson)) return texts;
  if (texts.length !== 2) throw new Error(wrong);
  return isJson(one) ? { policy: other, anchors: one } : { policy: one, anchors: other };
}
