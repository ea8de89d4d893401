export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string;
export function readCached(cache: string, key: string, binary: string): string | undefined;
export function store(
  cache: string,
  key: string,
  binary: string,
  content: Uint8Array,
  beside?: Readonly<Record<string, Uint8Array>>,
): string;
export function sha256(content: Uint8Array): string;
