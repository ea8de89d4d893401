/** What an operator opens Temporal UI for: a name, and the query of docs/operations.md. */
export const uiFilters = [
  ['open', `WorkflowType = 'mfaEnrollment' AND ExecutionStatus = 'Running'`],
  ['for an operator', `MfaWaitingFor = 'operator' AND ExecutionStatus = 'Running'`],
  ['failed', `WorkflowType = 'mfaEnrollment' AND ExecutionStatus = 'Failed'`],
] as const;

/** The address of the list of workflows in Temporal UI, filtered. `ui`: its address without a final slash. */
export const filterAddress = (ui: string, namespace: string, query: string): string =>
  // As short as it can be read: browsers take a plus sign for a space, and Temporal UI does too.
  `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows?${new URLSearchParams({ query }).toString()}`;
