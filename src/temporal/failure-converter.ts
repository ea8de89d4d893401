import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Failure messages and stack traces are encrypted like payloads; the failure's type stays readable.
 * The SDK loads this file by its path, once in the process and once inside the workflow bundle: no Node modules here.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
