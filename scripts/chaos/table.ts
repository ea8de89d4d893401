import { faults, type Fault } from './truth';
import type { ChaosReport } from './report';

/** What a person reads of a run. */
export function tableOf(report: ChaosReport): string {
  const { texts } = report;
  return [
    `${report.cases} enrollments, seed ${report.seed}, ${report.seconds} s`,
    section('Outcomes', Object.entries(report.outcomes)),
    section(
      'Wrong (each must be 0)',
      Object.entries(report.faults).map(([name, count]) => [name, `${count}   ${faults[name as Fault]}`]), // its keys are the faults
    ),
    section('Texts', [
      ['sent', texts.sent],
      ['most for one', `${texts.mostOfOneCase}   of at most ${texts.bound}`],
    ]),
    section('Other figures', [
      ['signals sent in floods and for other users', report.signals],
      ['enrollments whose leftovers the tenant would not list or delete', report.undeletable],
    ]),
    ...(report.blows.length === 0
      ? []
      : [
          section(
            'Killed or stalled',
            report.blows.map(({ victim, harm, point, met, missed }) => [
              `${victim} ${harm}, ${point}`,
              missed === 0 ? met : `${met}   and ${missed} without meeting the point`,
            ]),
          ),
        ]),
    ...(report.wrong.length === 0
      ? []
      : [
          section(
            'Enrollments to look at',
            report.wrong.map((each) => [`${each.case} ${each.journey}`, each.faults.join(', ')]),
          ),
        ]),
    report.passed ? '\nEvery enrollment ended with the truth.' : '\nNot every enrollment ended with the truth.',
  ].join('\n');
}

function section(title: string, rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return `\n${title}\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}`;
}
