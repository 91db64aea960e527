// Runs signatures of a SavedModel by the loader that TensorFlow Serving uses, with no Python.
//
// Usage: load_saved_model MODEL FOLDER [SECONDS]. FOLDER/requests.txt names the signature of request
// 0, 1, ... in a line each. Request i reads FOLDER/i.INPUT.pb and writes FOLDER/i.OUTPUT.pb,
// TensorProtos. With SECONDS it is then repeated for as long, at least once, and FOLDER/i.seconds.txt
// has a line for each time: the seconds that it took, and those of the processor.

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/session_options.h"

namespace {

int Fail(const std::string& what) {
  std::cerr << what << std::endl;
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return Fail("Usage: load_saved_model MODEL FOLDER [SECONDS]");
  const std::string folder = std::string(argv[2]) + "/";
  tensorflow::SavedModelBundle bundle;
  tensorflow::Status status = tensorflow::LoadSavedModel(
      tensorflow::SessionOptions(), tensorflow::RunOptions(), argv[1], {"serve"}, &bundle);
  if (!status.ok()) return Fail(status.ToString());

  std::ifstream requests(folder + "requests.txt");
  std::string name;
  for (int i = 0; std::getline(requests, name); ++i) {
    const std::string prefix = folder + std::to_string(i) + ".";
    const auto& signature = bundle.GetSignatures().at(name);
    std::vector<std::pair<std::string, tensorflow::Tensor>> feeds;
    for (const auto& input : signature.inputs()) {
      std::ifstream file(prefix + input.first + ".pb", std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(file)), {});
      tensorflow::TensorProto proto;
      tensorflow::Tensor tensor;
      if (!proto.ParseFromString(content) || !tensor.FromProto(proto)) {
        return Fail("Cannot read " + prefix + input.first + ".pb");
      }
      feeds.emplace_back(input.second.name(), tensor);
    }
    std::vector<std::string> keys, fetches;
    for (const auto& output : signature.outputs()) {
      keys.push_back(output.first);
      fetches.push_back(output.second.name());
    }
    std::vector<tensorflow::Tensor> outputs;
    status = bundle.session->Run(feeds, fetches, {}, &outputs);
    if (!status.ok()) return Fail(name + ": " + status.ToString());
    for (size_t k = 0; k < keys.size(); ++k) {
      tensorflow::TensorProto proto;
      outputs[k].AsProtoField(&proto);  // which NumPy reads text of, too
      std::ofstream file(prefix + keys[k] + ".pb", std::ios::binary);
      file << proto.SerializeAsString();
    }
    if (argc == 3) continue;
    using Clock = std::chrono::steady_clock;
    std::vector<std::pair<double, double>> taken;
    const auto end = Clock::now() + std::chrono::duration<double>(std::atof(argv[3]));
    do {
      const auto start = Clock::now();
      const std::clock_t start_processor = std::clock();
      status = bundle.session->Run(feeds, fetches, {}, &outputs);
      if (!status.ok()) return Fail(name + ": " + status.ToString());
      const double processor = double(std::clock() - start_processor) / CLOCKS_PER_SEC;
      taken.emplace_back(std::chrono::duration<double>(Clock::now() - start).count(), processor);
    } while (Clock::now() < end);
    std::ofstream file(prefix + "seconds.txt");
    for (const auto& times : taken) file << times.first << " " << times.second << "\n";
  }
  return 0;
}
