import type { FoundTool, ToolContext } from './tools.mjs';

export function findChromium(context: ToolContext): Promise<FoundTool>;
