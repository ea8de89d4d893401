import { engineTitles } from './table';
import { median } from './percentiles';
import type { BenchReport } from './run';

const width = 900;
const left = 250;
const right = 90;
const barHeight = 16;
const gap = 8;

interface Bar {
  readonly title: string;
  readonly value: number;
  readonly own: boolean;
}

/** Bars: throughput under the busiest closed load against a tenant that answers at once, and code→confirmed one at a time. */
export function plotOf({ cells, at }: BenchReport): string {
  const closed = cells.filter(({ tenant, load }) => tenant === 'at-once' && load.kind === 'closed');
  const busy = closed.find(({ load }) => load.kind === 'closed' && load.atOnce === 20) ?? closed.at(-1);
  const alone = closed.find(({ load }) => load.kind === 'closed' && load.atOnce === 1);
  const panels = [
    { title: 'Enrollments per second', cell: busy, of: 'perSecond' as const },
    { title: 'Code to confirmed, median in ms', cell: alone ?? busy, of: 'code' as const },
  ].flatMap(({ title, cell, of }) => {
    const bars = (cell?.rows ?? []).flatMap(({ engine, runs }): Bar[] => {
      if (runs.length === 0) return [];
      const value = median(runs.map((run) => (of === 'perSecond' ? run.perSecond : run.code.p50)));
      return [{ title: engineTitles[engine], value, own: engine === 'ours' }];
    });
    return cell === undefined || bars.length === 0 ? [] : [{ title: `${title}: ${cell.title}`, bars }];
  });

  let y = 20;
  const drawn = panels.map(({ title, bars }) => {
    const panel = barsOf(title, bars, y);
    y += 34 + bars.length * (barHeight + gap) + 16;
    return panel;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 20}" viewBox="0 0 ${width} ${y + 20}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
${drawn.join('\n')}
<text x="20" y="${y + 8}" fill="#666666" font-size="11">Measured ${escaped(at.slice(0, 10))}. Medians of all runs.</text>
</svg>
`;
}

function barsOf(title: string, bars: readonly Bar[], top: number): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const lines = bars.map(({ title: name, value, own }, index) => {
    const y = top + 28 + index * (barHeight + gap);
    const length = most === 0 ? 0 : (value / most) * (width - left - right);
    const middle = y + barHeight - 4;
    return [
      `<text x="${left - 10}" y="${middle}" text-anchor="end" fill="#222222">${escaped(name)}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${own ? '#c2410c' : '#94a3b8'}"/>`,
      `<text x="${(left + length + 6).toFixed(1)}" y="${middle}" fill="#222222">${value.toFixed(1)}</text>`,
    ].join('\n');
  });
  return `<text x="20" y="${top + 14}" font-weight="bold" fill="#222222">${escaped(title)}</text>\n${lines.join('\n')}`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
