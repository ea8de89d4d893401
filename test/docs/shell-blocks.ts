import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { read } from './markdown';

/** A block of shell commands of a page. */
export interface ShellBlock {
  /** What follows `sh` in its first line, such as `example`; empty when there is nothing. */
  readonly kind: string;
  /** The section in which it stands. */
  readonly section: string;
  /** As it is written, without the indentation of a list. */
  readonly commands: string;
}

/** Every block of a page whose language is `sh`, in order. */
export function shellBlocks(page: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let section = '';
  let open: { readonly kind: string; readonly indent: string; readonly language: string; lines: string[] } | undefined;
  for (const line of read(page).split('\n')) {
    const fence = /^( *)```(\w*) ?(\w*)$/.exec(line);
    if (open === undefined) {
      section = /^#+ (.+)$/.exec(line)?.[1] ?? section;
      if (fence !== null) {
        const [, indent = '', language = '', kind = ''] = fence;
        open = { kind, indent, language, lines: [] };
      }
    } else if (fence === null) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else {
      if (open.language === 'sh') blocks.push({ kind: open.kind, section, commands: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

/** What came of commands. */
export interface Ran {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs commands by `sh`, which stops at the first that fails. `input`: what the person at the keyboard types. */
export async function runShell(
  commands: string,
  { cwd, env, input = '' }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Ran> {
  const child = spawn('sh', ['-eu'], { cwd, env: { ...env, COMMANDS: commands }, stdio: ['pipe', 'pipe', 'pipe'] });
  return collect(child, `eval "$COMMANDS" <<'TYPED'\n${input}\nTYPED\n`);
}

/** Does `sh` understand these commands? */
export const parsesAsShell = (commands: string): Promise<Ran> =>
  collect(spawn('sh', ['-n'], { stdio: ['pipe', 'pipe', 'pipe'] }), commands);

async function collect(child: ReturnType<typeof spawn>, script: string): Promise<Ran> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  child.stdin?.end(script);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}
