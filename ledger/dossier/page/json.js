// JSON in its one form (section 4): decoded, typed by the caller, printed again and compared, so that nothing can stand twice or be hidden.

function decodeJson(bytes) {
  try {
    return JSON.parse(textOf(bytes));
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("not JSON");
  }
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

// Raises Malformed unless the bytes are what the value prints as; `indent` 2 and a line feed, or 0 and none.
function sameJson(value, bytes, indent) {
  const whole = (name, one) => well(typeof one !== "string" || !LONE_SURROGATE.test(one), "half a character") || one;
  const again = JSON.stringify(value, whole, indent) + (indent ? "\n" : "");
  well(equal(utf8(again), bytes), "JSON that is not in its one form");
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function has(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name);
}
