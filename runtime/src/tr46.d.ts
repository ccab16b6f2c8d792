declare module "tr46" {
  export interface ToAsciiOptions {
    checkBidi?: boolean;
    checkHyphens?: boolean;
    checkJoiners?: boolean;
    ignoreInvalidPunycode?: boolean;
    transitionalProcessing?: boolean;
    useSTD3ASCIIRules?: boolean;
    verifyDNSLength?: boolean;
  }
  /** Unicode ToASCII (UTS #46 §4.2); null where it fails. */
  export function toASCII(domain: string, options: ToAsciiOptions): string | null;
}
