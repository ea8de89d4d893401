export interface ToolContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly cache: string;
  /** In place of the official sites. */
  readonly origin?: string;
  /** In place of the pinned hash of the CLI's checksums.txt: of the one that `origin` has. */
  readonly checksumsSha256?: string;
}
export interface FoundTool {
  readonly path: string;
  readonly way: string;
}
export function findTemporalCli(context: ToolContext): Promise<FoundTool>;
export function findTestServer(context: ToolContext): Promise<FoundTool>;
