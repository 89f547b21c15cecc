// What can be wrong, as errors. `exit` is the exit status that follows where one of them ends everything (docs/format.md, section 14.2).

class Malformed extends Error {
  // Bytes that are not what the format says, or not in its one form.
  get exit() { return 1; }
}

class Contradiction extends Error {
  // Evidence of tampering: a false signature, a path that leads elsewhere.
  get exit() { return 1; }
}

class Newer extends Error {
  // A version, act or field that the format does not name: cannot tell.
  get exit() { return 3; }
}

class CannotTell extends Error {
  // Neither sound nor unsound: no such container, beyond the limits, no key that is known.
  get exit() { return 3; }
}

class Refused extends Error {
  // A rule that is broken, by its code (section 12.8).
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

function well(holds, message) {
  if (!holds) throw new Malformed(message);
}

function refuse(code, message) {
  throw new Refused(code, message);
}

function need(holds, code, message) {
  if (!holds) refuse(code, message);
}

// Whether an error is about what was read, and not a defect of this program, which nobody may take for a verdict.
function foreseen(error) {
  return error instanceof Malformed || error instanceof Contradiction || error instanceof Newer || error instanceof CannotTell;
}
