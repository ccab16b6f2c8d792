export const name = "static";
let calls = 0;
export function count() {
  return ++calls;
}
