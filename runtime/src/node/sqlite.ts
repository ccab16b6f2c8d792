// unenv's, as the platform's own bundler has it; what it lacks throws when it is called.

export * from "unenv/node/sqlite";
export { default } from "unenv/node/sqlite";
