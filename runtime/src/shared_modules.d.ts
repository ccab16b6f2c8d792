/** Made by build.js: the modules of the snapshot that lazy scripts import, by their paths. */
declare module "edgewright:shared" {
  const modules: Record<string, unknown>;
  export default modules;
}
