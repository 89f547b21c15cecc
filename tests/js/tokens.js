// Asks the engine about timestamp tokens: a list of {token, over, roots} on stdin, in base64 and PEM; a list of stamps, null, or words of a fault.

const { loadEngine } = require("./engine.js");

const { checkToken, parsePem, unbase64, foreseen } = loadEngine(["checkToken", "parsePem", "unbase64", "foreseen"]);

async function judge({ token, over, roots }) {
  try {
    return await checkToken(unbase64(token), unbase64(over), roots.map(parsePem));
  } catch (error) {
    if (!foreseen(error)) throw error;
    return error.message;
  }
}

(async () => {
  const found = [];
  for (const one of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) found.push(await judge(one));
  process.stdout.write(JSON.stringify(found));
})();
