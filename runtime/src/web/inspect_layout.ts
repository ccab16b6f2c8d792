// How shown values are quoted and broken into lines; after node's util.inspect.

const BREAK_LENGTH = 80;
/** Room that node keeps free on a line. */
const MARGIN = 10;
/** Longer lists are set in columns. */
const MAX_LINE_ITEMS = 6;
const APPROXIMATE_CHARACTER_HEIGHTS = 2.5;
const WIDTH_BIAS = 3;
const MAX_COLUMNS = 12;
const MAX_COLUMN_WIDTH = 6;

export interface Layout {
  items: string[];
  base: string;
  open: string;
  close: string;
  list: boolean;
  indentation: number;
  /** The object holds little enough nesting to be tried on one line. */
  compact: boolean;
}

export function layOut({ items, base, open, close, list, indentation, compact }: Layout): string {
  const lead = base === "" ? open : `${base} ${open}`;
  const rows = list && items.length > MAX_LINE_ITEMS ? inColumns(items, indentation) : items;
  if (compact && rows === items) {
    const start = items.length + indentation + open.length + base.length + MARGIN;
    const length = items.reduce((sum, item) => sum + item.length, items.length + start);
    const line = items.join(", ");
    if (length <= BREAK_LENGTH && !base.includes("\n") && !line.includes("\n")) {
      return `${lead} ${line} ${close}`;
    }
  }
  const newline = `\n${" ".repeat(indentation)}`;
  return `${lead}${newline}  ${rows.join(`,${newline}  `)}${newline}${close}`;
}

/** Joins items into rows of equally wide columns; gives `items` itself where that does not help. */
function inColumns(items: string[], indentation: number): string[] {
  const more = items.at(-1)!.startsWith("... ");
  const count = more ? items.length - 1 : items.length;
  const separator = 2;
  const lengths = items.slice(0, count).map((item) => item.length + separator);
  const widest = Math.max(...lengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (items.some((item) => item.includes("\n"))) return items;
  if (widest * 3 + indentation >= BREAK_LENGTH) return items;
  if (total / widest <= 5 && widest > MAX_COLUMN_WIDTH + separator) return items;

  const bias = Math.sqrt(widest - total / items.length);
  const biased = Math.max(widest - WIDTH_BIAS - bias, 1);
  const columns = Math.min(
    Math.round(Math.sqrt(APPROXIMATE_CHARACTER_HEIGHTS * biased * count) / biased),
    Math.floor((BREAK_LENGTH - indentation) / widest),
    MAX_COLUMNS,
  );
  if (columns <= 1) return items;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lengths.filter((_, at) => at % columns === column)),
  );
  // Numbers stand at the right of their column.
  const numeric = items.slice(0, count).every((item) => /^-?[\d.]+n?$/.test(item));
  const rows: string[] = [];
  for (let start = 0; start < count; start += columns) {
    const row = items.slice(start, Math.min(start + columns, count));
    const cells = row.map((item, column) => {
      const last = column === row.length - 1;
      const width = widths[column]! - separator;
      if (numeric) return item.padStart(width) + (last ? "" : ", ");
      return last ? item : `${item}, `.padEnd(width + separator);
    });
    rows.push(cells.join(""));
  }
  if (more) rows.push(items.at(-1)!);
  return rows;
}

export function isIdentifier(key: string): boolean {
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key);
}

const escapes: Record<string, string> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  "\\": "\\\\",
};

/** A string literal, in the quotes that need the least escaping. */
export function quote(text: string): string {
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes("`") && !text.includes("${")) mark = "`";
  }
  const escaped = text.replace(
    /[\0-\x1f\x7f-\x9f\\']|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => {
      if (character === "'") return mark === "'" ? "\\'" : "'";
      const code = character.charCodeAt(0);
      const hex = code.toString(16).padStart(2, "0");
      return escapes[character] ?? (code > 0xff ? `\\u${hex}` : `\\x${hex.toUpperCase()}`);
    },
  );
  return mark + escaped + mark;
}
