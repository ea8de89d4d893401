import type { FoundTool, ToolContext } from './tools.mjs';

export function findSchemathesis(context: ToolContext): Promise<FoundTool>;
