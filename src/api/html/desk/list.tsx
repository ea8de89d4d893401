import { states, whats, whos } from '../../desk/words';
import { enrollmentStates, waitingForWhos } from '../../../enrollment/status';
import { factorNames, factors } from '../../../factors';
import type { EnrollmentSummary } from '../../../temporal/enrollments/list';
import type { Shell } from '../document';
import { Badge, shortId } from './case';
import type { ListFilter, ListPage } from './model';
import { renderDesk } from './shell';
import { Ago, Until } from './time';

/** The enrollments of a filter, or those that were found. */
export function renderList(shell: Shell, { staff, now, page, filter }: ListPage): string {
  const title = 'found' in filter ? `Found: ${filter.found}` : 'Enrollments';
  return renderDesk(shell, {
    staff,
    title,
    data: { 'data-now': now.toISOString() },
    children: (
      <section class="card wide">
        <div class="title">
          <h1>{title}</h1>
        </div>
        {!('found' in filter) && <Filter {...filter} />}
        {page.enrollments.length === 0 ? (
          <p class="empty">{emptyWords(filter, page.nextCursor)}</p>
        ) : (
          <Table enrollments={page.enrollments} now={now} />
        )}
        {page.nextCursor !== undefined && !('found' in filter) && (
          <p>
            <a href={addressOf(filter, page.nextCursor)}>Next page</a>
          </p>
        )}
        {page.nextCursor !== undefined && 'found' in filter && <p class="muted">There are older ones as well.</p>}
      </section>
    ),
  });
}

function emptyWords(filter: ListPage['filter'], nextCursor: string | undefined): string {
  if ('found' in filter) return 'No enrollment. One that was started a moment ago is found in a few seconds.';
  return nextCursor === undefined ? 'No enrollment is like this.' : 'None on this page.';
}

const addressOf = (filter: ListFilter, cursor?: string): string => {
  const chosen = Object.entries({ ...filter, cursor }).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(chosen as [string, string][]).toString(); // the filter above takes undefined out
  return query === '' ? '/desk' : `/desk?${query}`;
};

function Filter({ waitingFor, state, factor }: ListFilter) {
  const views = [undefined, ...waitingForWhos.filter((who) => who !== 'nobody')] as const;
  return (
    <>
      <nav class="tabs" aria-label="Who acts next">
        {views.map((who) => (
          <a
            key={who ?? 'all'}
            href={addressOf({ waitingFor: who, factor })}
            aria-current={who === waitingFor && state === undefined ? 'page' : undefined}
          >
            {who === undefined ? 'All' : whos[who]}
          </a>
        ))}
      </nav>
      <form class="filter" method="get" action="/desk">
        {waitingFor !== undefined && <input type="hidden" name="waitingFor" value={waitingFor} />}
        <label>
          State
          <select name="state">
            <option value="">any</option>
            {enrollmentStates.map((name) => (
              <option key={name} value={name} selected={name === state}>
                {states[name].title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Factor under way
          <select name="factor">
            <option value="">any</option>
            {factorNames.map((name) => (
              <option key={name} value={name} selected={name === factor}>
                {factors[name].title}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="second">
          Show
        </button>
      </form>
    </>
  );
}

function Table({ enrollments, now }: { readonly enrollments: readonly EnrollmentSummary[]; readonly now: Date }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Enrollments">
      <table class="cases">
        <thead>
          <tr>
            <th scope="col">Enrollment</th>
            <th scope="col">State</th>
            <th scope="col">Who acts next</th>
            <th scope="col">Factor</th>
            <th scope="col">Started</th>
            <th scope="col">Ends</th>
          </tr>
        </thead>
        <tbody>
          {enrollments.map(({ id, state, factor, waitingFor, startedAt, endedAt, deadline }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`/desk/cases/${id}`}>
                  <code>{shortId(id)}</code>
                </a>
              </th>
              <td>
                <Badge tone={states[state].tone}>{states[state].title}</Badge>
              </td>
              <td>
                {waitingFor === undefined || waitingFor.what === 'nothing' ? (
                  '–'
                ) : (
                  <>
                    {whos[waitingFor.who]}
                    <span class="muted"> · {whats[waitingFor.what]}</span>
                  </>
                )}
              </td>
              <td>{factor === undefined ? '–' : factors[factor].title}</td>
              <td>
                <Ago at={startedAt} now={now} />
              </td>
              <td>
                {endedAt !== undefined ? (
                  <Ago at={endedAt} now={now} />
                ) : deadline === undefined ? (
                  '–'
                ) : (
                  <>
                    in <Until at={deadline} now={now} />
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
