/** Something that is open and can be closed. */
export type Closable = { close(): Promise<void> };

/** Stores that were opened one after the other, and are closed together, the last one first. */
export type OpenedTogether<Stores> = { readonly stores: Stores; readonly close: () => Promise<void> };

/** Opens several stores or none: `keep` takes each as it is opened, and where a later one fails, those before it are closed again. */
export async function openTogether<Stores>(
  open: (keep: <Store extends Closable>(store: Store) => Store) => Promise<Stores>,
): Promise<OpenedTogether<Stores>> {
  const opened: Closable[] = [];
  const close = async () => {
    for (const store of opened.splice(0).reverse()) await store.close();
  };
  try {
    const stores = await open((store) => {
      opened.push(store);
      return store;
    });
    return { stores, close };
  } catch (error) {
    await close();
    throw error;
  }
}
