import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression asks for, and the labels that it asks for by value. */
export interface Selected {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The metrics that a PromQL expression selects. Throws for an expression that Prometheus would not parse. */
export function selectedBy(expression: string): readonly Selected[] {
  const textOf = ({ from, to }: { readonly from: number; readonly to: number }) => expression.slice(from, to);
  const selected: { metric: string; labels: Record<string, string> }[] = [];
  let label = '';
  parser.parse(expression).iterate({
    enter({ type, node }) {
      if (type.isError) throw new SyntaxError(`no PromQL: ${expression}`);
      const last = selected.at(-1);
      switch (type.name) {
        case 'VectorSelector':
          selected.push({ metric: '', labels: {} });
          break;
        case 'Identifier':
          if (last !== undefined && node.parent?.type.name === 'VectorSelector') last.metric = textOf(node);
          break;
        case 'LabelName':
          label = textOf(node);
          break;
        case 'StringLiteral':
          if (last !== undefined && node.parent?.type.name.endsWith('LabelMatcher') === true) {
            last.labels[label] = textOf(node).slice(1, -1);
          }
          break;
      }
    },
  });
  return selected;
}

/** A sample of a scrape: its metric and labels. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The samples of a text in Prometheus' exposition format. */
export const samplesOf = (text: string): readonly Sample[] =>
  text.split('\n').flatMap((line): readonly Sample[] => {
    const [, metric, labels = ''] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? \S+/.exec(line) ?? [];
    if (metric === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]);
    return [{ metric, labels: Object.fromEntries(pairs) as Record<string, string> }];
  });
