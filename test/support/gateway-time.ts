/** The header by which tests tell a gateway in another process what time it is, in ms since the epoch. */
export const timeHeader = 'x-test-time';
