import type { FoundTool, ToolContext } from './tools.mjs';
export function findStandardWebhooks(context: ToolContext): Promise<FoundTool>;
