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

// Raises Malformed or Newer unless an object has these fields and no others, in this order: Map of name to what checks its value. The first
// thing that is met in the text decides.
function checkInOrder(value, checks, what) {
  well(isObject(value), `${what} is no object`);
  for (const name of Object.keys(value)) {
    if (!checks.has(name)) throw new Newer(`${what} has a field that this page does not know: made by a newer format`);
    checks.get(name)(value[name]);
  }
  well(Object.keys(value).join() === [...checks.keys()].join(), `the fields of ${what} are not those of the format, in their order`);
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function has(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name);
}
