import '../enrollment/admission';
import '../enrollment/ahead';
import '../enrollment/audit';
import '../enrollment/campaign';
import '../enrollment/campaign-page';
import '../enrollment/challenge-secrets';
import '../enrollment/details';
import '../enrollment/events';
import '../enrollment/judge-code';
import '../enrollment/metrics';
import '../enrollment/sending-limit';
import '../enrollment/stopped-prefixes';
import '../enrollment/tenant-budget';
import '../enrollment/token-choice';
import '../enrollment/view';
import '../enrollment/waiting';
import '../enrollment/webhook-delivery';
import '../enrollment/webhook-endpoints';
import '../factors';

// Loaded once in each thread that runs workflows, before the first run (`preloadModules`). What is imported here is shared by all
// runs, and frozen: the rules and the factors, which keep no state. Nothing of @temporalio/workflow belongs here, for that does.

/**
 * The SDK takes a stack trace of each promise that a workflow makes. With V8's usual 10 frames that was 30 % of the workflow thread's
 * CPU time, and what it is good for, the query `__stack_trace`, is answered here by an enrollment's details. An error still says
 * where it was thrown and by whom that was called. After the first run Error is frozen.
 */
Error.stackTraceLimit = 2;
