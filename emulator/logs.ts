import { isoTime } from './clock';
import { alphabets } from './random';
import type { LogType } from './tenant-log';
import type { Tenant } from './tenant';

export function writeLog(tenant: Tenant, type: LogType, userId: string, description: string): void {
  tenant.state.logs.push({
    log_id: tenant.random.text(alphabets.hex, 24),
    date: isoTime(tenant.clock.now()),
    type,
    user_id: userId,
    description,
  });
}
