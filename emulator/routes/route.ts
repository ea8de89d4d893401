import type { FastifyInstance } from 'fastify';
import type { Tenant } from '../tenant';

/** A file of `routes/` or `control/` adds what it answers to a server. */
export type AddRoutes = (app: FastifyInstance, tenant: Tenant) => void;
