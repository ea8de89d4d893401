import type { FoundTool, ToolContext } from './tools.mjs';

export interface FolderPattern {
  readonly parent: string;
  /** Names below `parent`; each ends with the version. */
  readonly child: RegExp;
  /** From there to the folder of the programs. */
  readonly rest: string;
}
export function findTemporalServer(context: ToolContext): Promise<FoundTool>;
export function findPostgres(
  context: ToolContext & {
    /** In place of the folders that packages install to. */
    readonly folders?: readonly FolderPattern[];
  },
): Promise<FoundTool>;
export function postgresIn(folders: readonly FolderPattern[]): string[];
