undeclared = "sloppy";
exports.early = true;
const other = require("./circle.cjs");
exports.other = other;
exports.names = [__filename, __dirname];
exports.text = require("../note.txt");
exports.json = require("../data.json").name;
exports.bytes = require("../raw.bin").byteLength;
exports.esm = require("../esm.mjs");
exports.again = require("./circle.cjs") === other;
try {
  require("./gone.cjs");
} catch (error) {
  exports.gone = String(error);
}
