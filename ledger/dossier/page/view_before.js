// Dossiers of other ledgers that lie in this one: where an item was before, or meanwhile. Each has verdict lines of its own.

function beforeShown(reports) {
  return reports.map((report) => folded([told`The dossier of ${report.origin || "another ledger"}: `, BEFORE_OUTCOME[report.exit]],
    element("p", {}, "The file with the SHA-256 ", digest(report.sha256)), linesTable(report, null)));
}

const BEFORE_OUTCOME = { 0: "✓ sound, as far as it was asked", 1: "✗ NOT sound", 3: "? cannot tell" };
