export { mfaEnrollment } from './mfa-enrollment';
