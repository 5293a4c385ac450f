const credentials = /(mongodb(?:\+srv)?:\/\/)[^/?#\s]*@/gi;

/** The text without what stands before the host in a URL of MongoDB: neither user nor password is for logs. */
export const redacted = (text: string): string => text.replace(credentials, '$1***@');
