import { readdirSync, readFileSync } from 'node:fs';

/** CPU time in milliseconds of a process and all below it, those that have ended and were waited for included. Linux only. */
export const cpuMs = (pid: number): number => sumOfTree(pid, (each) => cpuTicks(each)) * msPerTick;

/** Resident memory in bytes of a process and all below it. Linux only. */
export const residentBytes = (pid: number): number => sumOfTree(pid, residentPages) * bytesPerPage;

/** USER_HZ, which Linux fixes at 100 for what /proc shows. */
const msPerTick = 10;
const bytesPerPage = 4096;

function sumOfTree(root: number, of: (pid: number) => number): number {
  const children = childrenByParent();
  const sum = (pid: number): number =>
    of(pid) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(root);
}

function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(statOf(pid)[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

/** utime, stime, cutime and cstime. */
const cpuTicks = (pid: number): number =>
  statOf(pid)
    .slice(11, 15)
    .reduce((total, ticks) => total + Number(ticks), 0);

const residentPages = (pid: number): number => Number(statOf(pid)[21] ?? 0);

/** Fields of /proc/<pid>/stat from the third on (proc(5)); empty for a process that has just ended. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
