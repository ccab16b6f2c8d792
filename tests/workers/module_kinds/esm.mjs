export default function hello() {
  return "hello";
}
export const named = "named";
