import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryCollection;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.bson.Document;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;

/**
 * A server that speaks MongoDB's protocol and keeps everything in memory, for tests. Run from its source with the arguments
 * `host port`, 0 for any free port. Prints `READY mongodb://host:port` and lives until its standard input ends.
 */
public final class MongoDbServer {
  /** What the driver asks for at least; the commands that the product uses are those of 5.0. */
  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 13;
    }
  }

  /** Finds by the index of `_id` what a filter names by `_id`, whatever else it asks for: the original reads every document then. */
  private static final class Collection extends MemoryCollection {
    Collection(MongoDatabase database, String name, CollectionOptions options, CursorRegistry cursors) {
      super(database, name, options, cursors);
    }

    @Override
    protected QueryResult queryDocuments(
        Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
      if (query.size() > 1 && query.containsKey("_id")) {
        Document byId = new Document("_id", query.get("_id"));
        for (Index<Integer> index : getIndexes()) {
          if (Set.copyOf(index.getKeys().stream().map(key -> key.getKey()).toList()).equals(Set.of("_id"))
              && index.canHandle(byId)) {
            return matchDocuments(query, index.getPositions(byId), orderBy, skip, limit, batchSize, fields);
          }
        }
      }
      return super.queryDocuments(query, orderBy, skip, limit, batchSize, fields);
    }
  }

  private static final class Database extends MemoryDatabase {
    Database(String name, CursorRegistry cursors) {
      super(name, cursors);
    }

    @Override
    protected MemoryCollection openOrCreateCollection(String name, CollectionOptions options) {
      return new Collection(this, name, options, cursorRegistry);
    }
  }

  private static final class Backend extends MemoryBackend {
    @Override
    public MemoryDatabase openOrCreateDatabase(String name) {
      return new Database(name, getCursorRegistry());
    }
  }

  public static void main(String[] args) throws IOException {
    MongoServer server = new MongoServer(new Backend().version(new Version()));
    try {
      server.bind(args[0], Integer.parseInt(args[1]));
    } catch (Exception error) {
      // Netty throws what it does not declare, and its threads would keep the process alive, without a port.
      System.err.println(error.getMessage());
      System.exit(1);
    }
    InetSocketAddress address = server.getLocalAddress();
    System.out.println("READY mongodb://" + args[0] + ":" + address.getPort());
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
