// unenv's, as the platform's own bundler has it; what it lacks throws when it is called.

export * from "unenv/node/dns";
export { default } from "unenv/node/dns";
