exports.saw = Object.keys(require("./sloppy.cjs"));
