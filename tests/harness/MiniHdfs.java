import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;

/** HDFS of one NameNode and one DataNode, both in this process: `MiniHdfs FOLDER PORT`. */
public class MiniHdfs {
    public static void main(String[] arguments) throws Exception {
        String folder = arguments[0];
        Configuration conf = new Configuration();
        conf.set("fs.defaultFS", "hdfs://127.0.0.1:" + arguments[1]);
        conf.set("dfs.namenode.name.dir", "file://" + folder + "/name");
        conf.set("dfs.datanode.data.dir", "file://" + folder + "/data");
        conf.set("hadoop.tmp.dir", folder + "/tmp");
        conf.set("dfs.namenode.http-address", "127.0.0.1:0");
        conf.set("dfs.datanode.address", "127.0.0.1:0");
        conf.set("dfs.datanode.http.address", "127.0.0.1:0");
        conf.set("dfs.datanode.ipc.address", "127.0.0.1:0");
        // What it takes jersey for, which the jars have not.
        conf.set("dfs.webhdfs.enabled", "false");
        conf.set("dfs.replication", "1");
        // Each answer waits for the disk else, and nothing here is kept.
        conf.set("dfs.namenode.edits.noeditlogchannelflush", "true");
        NameNode.format(conf);
        NameNode names = NameNode.createNameNode(new String[0], conf);
        DataNode data = DataNode.createDataNode(new String[0], conf);
        while (names.getNamesystem().getNumLiveDataNodes() == 0 || !data.isDatanodeUp()) {
            Thread.sleep(50);
        }
        Files.createFile(Paths.get(folder, "ready"));
        names.join();
    }
}
