import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;

/** HDFS of one NameNode and one DataNode, both in this process: `MiniHdfs FOLDER PORT`. */
public class MiniHdfs {
    public static void main(String[] arguments) {
        try {
            serve(arguments[0], arguments[1]);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1); // threads of Hadoop's would go on
        }
    }

    private static void serve(String folder, String port) throws Exception {
        Configuration conf = new Configuration();
        conf.set("fs.defaultFS", "hdfs://127.0.0.1:" + port);
        conf.set("hadoop.tmp.dir", folder + "/tmp");
        conf.set("dfs.namenode.name.dir", "file://" + folder + "/name");
        conf.set("dfs.datanode.data.dir", "file://" + folder + "/data");
        conf.set("dfs.namenode.http-address", "127.0.0.1:0");
        conf.set("dfs.datanode.address", "127.0.0.1:0");
        conf.set("dfs.datanode.http.address", "127.0.0.1:0");
        conf.set("dfs.datanode.ipc.address", "127.0.0.1:0");
        conf.set("dfs.replication", "1");
        // It needs Jersey, which PySpark does not have.
        conf.set("dfs.webhdfs.enabled", "false");
        // Each answer would wait for the disk, and nothing here is kept.
        conf.set("dfs.namenode.edits.noeditlogchannelflush", "true");
        // Two of each name in one process, as in Hadoop's own tests.
        DefaultMetricsSystem.setMiniClusterMode(true);
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
