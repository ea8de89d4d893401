import type { ComponentChildren } from 'preact';
import {
  plainAction,
  problemTitles,
  progress,
  said as saidWords,
  states,
  titleOf,
  whats,
  whos,
  type Tone,
} from '../../desk/words';
import type { EnrollmentView } from '../../../temporal/enrollments/runs';
import type { Shell } from '../document';
import { Acts } from './acts';
import type { CasePage } from './model';
import { renderDesk } from './shell';
import { Ago, momentOf, Until } from './time';
import { TimelineOf } from './timeline';

/** The page of one enrollment: where it stands, what happened, and what this person may do. */
export function renderCase(shell: Shell, page: CasePage): string {
  const { enrollment, said, refusal, key, now } = page;
  const { id } = enrollment;
  return renderDesk(shell, {
    staff: page.staff,
    title: `${states[enrollment.state].title} · ${shortId(id)}`,
    mark: refusal === undefined ? said && saidWords[said].text : 'Not done',
    data: {
      'data-page': `/desk/cases/${id}`,
      ...(enrollment.endedAt === undefined ? { 'data-events': `/desk/cases/${id}/events` } : {}),
      'data-key': key,
      'data-now': now.toISOString(),
    },
    children: <Case {...page} />,
  });
}

/** Enough to tell enrollments apart by eye. */
export const shortId = (id: string): string => `${id.slice(0, 12)}…`;

function Case(page: CasePage) {
  const { enrollment, timeline } = page;
  return (
    <>
      <Stay {...page} />
      <Standing {...page} />
      <div class="columns">
        <div class="stack">
          <section class="card acts" aria-labelledby="acts">
            <h2 id="acts">What you can do</h2>
            <datalist id="reasons">
              <option value="The user did not get the code" />
              <option value="The user has another phone number" />
              <option value="The user asked for it on the phone" />
              <option value="Not the user's own number" />
            </datalist>
            <Acts {...page} />
          </section>
          <section class="card" aria-labelledby="factors">
            <h2 id="factors">Factors</h2>
            <Factors {...enrollment} />
            <Facts {...page} />
          </section>
        </div>
        <section class="card" aria-labelledby="timeline">
          <h2 id="timeline">What happened</h2>
          <TimelineOf timeline={timeline} />
        </section>
      </div>
    </>
  );
}

/** What was just done, or not done: stays when the rest of the page is renewed (`desk.js`). */
function Stay({ said, refusal, link, now }: CasePage) {
  return (
    <div id="stay">
      {said !== undefined && (
        <p class={`box ${saidWords[said].tone}`} role="status" data-stay>
          {saidWords[said].text}.{saidWords[said].more !== undefined && ` ${saidWords[said].more}`}
        </p>
      )}
      {refusal !== undefined && (
        <div class="box bad" role="alert" id="refusal" data-stay>
          <strong>{refusal.title}.</strong> {refusal.detail} <code>{refusal.code}</code>
        </div>
      )}
      {link !== undefined && (
        <div class="box good link" data-stay>
          <p>
            <strong>The link for the user.</strong> Works once, for <Until at={link.expiresAt} now={now} />. It is not
            shown again.
          </p>
          <div class="row">
            <code id="link">{link.url}</code>
            <button type="button" class="second" hidden data-copy="link" data-copied="Copied">
              Copy
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

/** Where it stands, since when, who has to act and what helps. */
function Standing({ enrollment, timeline, now, temporalUrl }: CasePage) {
  const { state, waitingFor, nextAction, lastProblem, startedAt, endedAt } = enrollment;
  const since = endedAt ?? timeline?.entries.findLast(({ what }) => what === 'state')?.at ?? startedAt;
  return (
    <section class="card standing" aria-label="Where it stands">
      <div class="title">
        <h1 tabindex={-1}>{states[state].title}</h1>
        <Badge tone={states[state].tone}>{state}</Badge>
        <span class="muted">
          since <Ago at={since} now={now} />
        </span>
        {temporalUrl !== undefined && (
          <a class="out" href={temporalUrl} rel="noreferrer" target="_blank">
            Open in Temporal<span class="unseen"> (a new tab)</span>
          </a>
        )}
      </div>
      <dl class="facts who-what">
        <div>
          <dt>Who acts next</dt>
          <dd>
            {whos[waitingFor.who]}
            {waitingFor.what !== 'nothing' && <span class="muted"> · {whats[waitingFor.what]}</span>}
          </dd>
        </div>
        <div>
          <dt>What to do</dt>
          <dd data-say>{plainAction(nextAction, momentOf)}</dd>
        </div>
        {lastProblem !== undefined && (
          <div class="broad">
            <dt>Last problem</dt>
            <dd>
              {problemTitles[lastProblem.code]} <code>{lastProblem.code}</code>, <Ago at={lastProblem.at} now={now} />
              <span class="muted"> · {lastProblem.message}</span>
              {lastProblem.retryAt !== undefined && Date.parse(lastProblem.retryAt) > now.getTime() && (
                <>
                  {' '}
                  Again in <Until at={lastProblem.retryAt} now={now} />.
                </>
              )}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

export const Badge = ({ tone, children }: { readonly tone: Tone; readonly children: string }) => (
  <span class={`badge ${tone}`}>{children}</span>
);

function Factors({ factors: plan }: EnrollmentView) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Factor</th>
          <th scope="col">State</th>
          <th scope="col">At Auth0</th>
        </tr>
      </thead>
      <tbody>
        {plan.map(({ factor, state, active, alreadyActive }) => (
          <tr key={factor}>
            <th scope="row">{titleOf(factor)}</th>
            <td>
              <Badge tone={progress[state].tone}>{progress[state].title}</Badge>
            </td>
            <td>{alreadyActive ? 'active before' : active ? 'active' : 'not active'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ enrollment, now }: CasePage) {
  const { phoneNumber, phoneNumberChanges, consentedAt, attemptsLeft, nextAttemptAt, textsLeft, nextTextAt } =
    enrollment;
  const { deadlines, startedAt, endedAt, id } = enrollment;
  const isOpen = endedAt === undefined;
  return (
    <dl class="facts narrow">
      <Fact name="Phone number">
        {phoneNumber === undefined ? 'none yet' : <span class="number">{phoneNumber}</span>}
        {phoneNumberChanges > 0 && (
          <span class="muted"> · changed {phoneNumberChanges === 1 ? 'once' : `${phoneNumberChanges} times`}</span>
        )}
      </Fact>
      <Fact name="The user agreed">{consentedAt === undefined ? 'no' : <Ago at={consentedAt} now={now} />}</Fact>
      {isOpen && (
        <>
          <Fact name="Attempts left">
            {attemptsLeft}
            {nextAttemptAt !== undefined && (
              <span class="muted">
                {' '}
                · one more in <Until at={nextAttemptAt} now={now} />
              </span>
            )}
          </Fact>
          <Fact name="Messages left">
            {textsLeft}
            {nextTextAt !== undefined && (
              <span class="muted">
                {' '}
                · next in <Until at={nextTextAt} now={now} />
              </span>
            )}
          </Fact>
          {deadlines.challenge !== undefined && (
            <Fact name="Code good for">
              <Until at={deadlines.challenge} now={now} />
            </Fact>
          )}
          {deadlines.token !== undefined && (
            <Fact name="Sign-in good for">
              <Until at={deadlines.token} now={now} />
            </Fact>
          )}
          <Fact name="Enrollment ends">
            in <Until at={deadlines.enrollment} now={now} />
          </Fact>
        </>
      )}
      <Fact name="Started">
        <Ago at={startedAt} now={now} />
      </Fact>
      <div class="broad">
        <dt>Enrollment</dt>
        <dd>
          <code class="id">{id}</code>
        </dd>
      </div>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
