import type { ProblemCode } from '../../../enrollment/problems';
import type { Step } from '../../enroll/step';
import type { AssetName } from '../assets';
import { renderDocument, type Shell } from '../document';
import { useWords, type Words } from '../messages';
import { Ended, endedTitle } from '../sign-in';
import { AppStep, CodeStep } from './codes';
import type { EnrollPage } from './enroll-page';
import { NumberChangedStep, NumberStep } from './number';
import { isSetUpByKey, PageForm, Progress } from './parts';
import { PassingStep, RecoveryCodeStep, ResendStep, SignInStep, TroubleStep, WaitStep } from './steps';

export function renderEnrollPage(shell: Shell, words: Words, page: EnrollPage): string {
  const { step, notice, refused, isNumberChosen } = page;
  const isWrong = refused !== undefined || ((step.type === 'code' || step.type === 'app') && step.rejected);
  const isError = isWrong || (notice !== undefined && notice !== 'code_pending');
  const title = titleOf(page, words);
  const path = isNumberChosen ? '/enroll/number' : '/enroll';
  return renderDocument(shell, {
    ...{ words, title, path },
    ...(isError ? { mark: words.text('layout.error') } : {}),
    styles: ['enroll.css'],
    scripts: scriptsOf(step),
    ...(isPassing(step) ? { refreshSeconds: 5 } : {}),
    data: {
      'data-page': path,
      'data-key': page.key,
      'data-now': page.now,
      ...(step.type === 'over' ? {} : { 'data-events': '/enroll/events' }),
    },
    children: (
      <>
        <Progress step={step} plan={page.plan} factor={page.factor} />
        <h1 tabIndex={-1}>{title}</h1>
        <Notes page={page} />
        <StepBody page={page} />
        <Ways page={page} />
      </>
    ),
  });
}

function titleOf({ step, isNumberChosen }: EnrollPage, { text }: Words): string {
  switch (step.type) {
    case 'sign_in':
      return text(step.reason === 'first' ? 'sign_in.title' : 'sign_in.title_again');
    case 'number':
      return text(isNumberChosen ? 'number.title_other' : 'number.title');
    case 'code':
      return text(`code.title_${step.factor}`);
    case 'resend':
      return text(isSetUpByKey(step.factor) ? 'resend.title_app' : 'resend.title_sent');
    case 'wait':
      return text(`wait.${step.reason}_title`);
    case 'trouble':
      return text(step.reason === 'auth0' ? 'trouble.title_auth0' : 'trouble.title_operator');
    case 'recovery_code':
      return text('recovery.title');
    case 'over':
      return text(endedTitle(step.outcome));
    case 'number_changed':
    case 'preparing':
    case 'app':
    case 'checking':
    case 'read_back':
      return text(`${step.type}.title`);
  }
}

/** A browser without script asks again by itself then. */
const isPassing = ({ type }: Step): boolean => type === 'preparing' || type === 'checking' || type === 'read_back';

const scriptsOf = (step: Step): readonly AssetName[] =>
  step.type === 'number' ? ['phone-numbers.js', 'enroll.js'] : ['enroll.js'];

/** Problems that the step itself does not tell. */
const toldWith: Readonly<Partial<Record<Step['type'], readonly ProblemCode[] | 'all'>>> = {
  number: ['phone_number_invalid', 'number_limit_reached', 'caller_limit_reached', 'denied', 'answer_lost'],
  code: ['answer_lost', 'not_listed'],
  app: ['answer_lost', 'not_listed'],
  resend: 'all',
  wait: ['number_limit_reached', 'caller_limit_reached', 'too_many_texts'],
};

function Notes({ page: { step, notice, problem } }: { readonly page: EnrollPage }) {
  const { text } = useWords();
  const told = toldWith[step.type] ?? [];
  const isTold = problem !== undefined && (told === 'all' || told.includes(problem));
  return (
    <>
      <p class="box warn" id="offline" role="status" hidden>
        {text('layout.offline')}
      </p>
      {notice !== undefined && (
        <p class="box warn" role={notice === 'code_pending' ? 'status' : 'alert'}>
          {text(`notice.${notice}`)}
        </p>
      )}
      {isTold && (
        <p class="box warn" data-say="">
          {text(`problem.${problem}`)}
        </p>
      )}
    </>
  );
}

function StepBody({ page }: { readonly page: EnrollPage }) {
  const { step } = page;
  switch (step.type) {
    case 'sign_in':
      return <SignInStep step={step} page={page} />;
    case 'number':
      return <NumberStep step={step} page={page} />;
    case 'number_changed':
      return <NumberChangedStep step={step} page={page} />;
    case 'code':
      return <CodeStep step={step} page={page} />;
    case 'app':
      return <AppStep step={step} page={page} />;
    case 'resend':
      return <ResendStep step={step} page={page} />;
    case 'wait':
      return <WaitStep step={step} page={page} />;
    case 'trouble':
      return <TroubleStep step={step} page={page} />;
    case 'recovery_code':
      return <RecoveryCodeStep page={page} />;
    case 'over':
      return <Ended plan={page.plan} state={step.outcome} />;
    case 'preparing':
    case 'checking':
    case 'read_back':
      return <PassingStep step={step} />;
  }
}

/** Everything is active then, or the end has come. */
const isPastStopping = ({ type }: Step): boolean => type === 'over' || type === 'recovery_code' || type === 'read_back';

/** The ways out. */
function Ways({ page: { step, formToken } }: { readonly page: EnrollPage }) {
  const { text } = useWords();
  return (
    <div class="ways">
      {!isPastStopping(step) && (
        <a class="plain" href="/enroll/stop">
          {text('layout.stop')}
        </a>
      )}
      <PageForm action="/enroll/leave" token={formToken} button={text('layout.leave')} look="plain" />
    </div>
  );
}
