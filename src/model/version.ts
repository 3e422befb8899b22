/** Version of devstack. The only place; package.json is checked against it by a test. */
export const VERSION = '0.1.0';
