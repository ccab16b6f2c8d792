const names = ["edgewright:modules", "edgewright:capture"];
exports.reach = () => Promise.allSettled(names.map((name) => import(name)));
//# sourceURL=node:fs
