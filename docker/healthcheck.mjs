// Ends with 0 when the process of this container says that it is ready: the image has no curl.
const url = `http://127.0.0.1:${process.env.PORT}/health/ready`;
const ready = await fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(ready ? 0 : 1);
