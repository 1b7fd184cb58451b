#include "host/formula/graph.hpp"

#include <gtest/gtest.h>

#include <string>

#include "host/formula/graph_text.hpp"

namespace formulary {
namespace {

constexpr const char* hires =
    R"json({"name":"hires","triggers":[{"type":"scheduled","properties":{"cron":"0 0 1 * * ?"},
    "onSuccess":["list"]}],"steps":[
  {"name":"unused","type":"script"},
  {"name":"each","type":"loop","properties":{"list":"${steps.list.response.body}"},"onSuccess":["hired"],"onFailure":["nope"]},
  {"name":"list","type":"elementRequest","properties":{"method":"GET","api":"/candidates"},"onSuccess":["each"],
   "onFailure":["tell"]},
  {"name":"hired","type":"filter","onSuccess":["call \"it\""],"onFailure":["each"]},
  {"name":"call \"it\"","type":"formula","properties":{"formulaId":2},"onSuccess":["each"]},
  {"name":"tell","type":"amqpRequest","properties":{"queue":"alarm"}}],
  "subFormulas":[{"id":2,"name":"inner","engine":"v1","triggers":[{"type":"manual","onSuccess":["a"]}],
    "steps":[{"name":"a","type":"script"}]}]})json";

TEST(Graphs, AreTextForATerminal) {
  EXPECT_EQ(draw_graph(*Formula::parse(hires), GraphForm::text),
            "hires\n"
            "  trigger (scheduled 0 0 1 * * ?)\n"
            "      success -> list\n"
            "  list (elementRequest GET /candidates)\n"
            "      success -> each\n"
            "      failure -> tell\n"
            "  each (loop ${steps.list.response.body})\n"
            "      each -> hired\n"
            "      end -> nope, which does not exist\n"
            "  hired (filter)\n"
            "      true -> call \"it\"\n"
            "      false -> each\n"
            "  call \"it\" (formula 2)\n"
            "      success -> each\n"
            "  tell (amqpRequest alarm)\n"
            "  unused (script), never reached\n"
            "  inner (v1)\n"
            "    trigger (manual)\n"
            "        success -> a\n"
            "    a (script)\n");
}

TEST(Graphs, AreDotForGraphviz) {
  const std::string drawn = draw_graph(*Formula::parse(hires), GraphForm::dot);
  for (const char* part :
       {"digraph formula {\n  label=\"hires\";\n", "ns2 [label=\"list · elementRequest GET /candidates\"];",
        "ns2 -> ns1 [label=\"success\"];", "ns2 -> ns5 [label=\"failure\", style=dashed];",
        "ns0 [label=\"unused · script\", style=dashed];", "ns4 [label=\"call \\\"it\\\" · formula 2\"];",
        "nx0 [label=\"nope · does not exist\", style=dotted];", "ns1 -> nx0 [label=\"end\", style=dashed];",
        "subgraph cluster_nf0 {\n    label=\"inner (v1)\";\n", "nf0t0 -> nf0s0 [label=\"success\"];\n  }\n}\n"}) {
    EXPECT_NE(drawn.find(part), std::string::npos) << part << "\nis not in\n" << drawn;
  }
}

TEST(Graphs, AreMermaidForMarkdown) {
  const std::string drawn = draw_graph(*Formula::parse(hires), GraphForm::mermaid);
  for (const char* part : {"flowchart TD\n  nt0[\"trigger · scheduled 0 0 1 * * ?\"]\n", "nt0 -->|success| ns2\n",
                           "ns2 -.->|failure| ns5\n", "ns4[\"call #quot;it#quot; · formula 2\"]",
                           "ns1 -.->|end| nx0[\"nope · does not exist\"]\n", "subgraph nf0[\"inner (v1)\"]\n",
                           "nf0t0 -->|success| nf0s0\n  end\n"}) {
    EXPECT_NE(drawn.find(part), std::string::npos) << part << "\nis not in\n" << drawn;
  }
}

TEST(Graphs, ShowNothingThatATerminalObeysAndNothingLong) {
  const auto formula =
      Formula::parse(R"({"name":"a\u001b[2J","steps":[{"name":"s\u0007","type":"loop","properties":{"list":")" +
                     std::string(59, 'x') + R"(äöü"}}]})");
  for (const GraphForm form : {GraphForm::text, GraphForm::dot, GraphForm::mermaid}) {
    const std::string drawn = draw_graph(*formula, form);
    EXPECT_EQ(drawn.find_first_of("\x1b\x07"), std::string::npos);
    EXPECT_NE(drawn.find(std::string(59, 'x') + "…"), std::string::npos) << drawn;
  }
}

TEST(Graphs, OfAnyStepTypeSayWhatItDoes) {
  const auto formula = Formula::parse(R"json({"name":"f","triggers":[{"type":"elementRequest","properties":{
    "method":"POST","api":"/contacts"}}],"steps":[
    {"name":"a","type":"request","properties":{"method":"GET","api":"/instances"}},
    {"name":"b","type":"httpRequest","properties":{"method":"GET","url":"http://x"}},
    {"name":"c","type":"elementRequestStream","properties":{"downloadApi":"/files","uploadApi":{"odd":1}}}]})json");
  const std::string drawn = draw_graph(*formula, GraphForm::text);
  for (const char* part : {"(elementRequest POST /contacts)", "(request GET /instances)", "(httpRequest GET http://x)",
                           "(elementRequestStream /files to {\"odd\":1})"}) {
    EXPECT_NE(drawn.find(part), std::string::npos) << part << '\n' << drawn;
  }
}

TEST(GraphForms, HaveNames) {
  EXPECT_EQ(parse_graph_form("text"), GraphForm::text);
  EXPECT_EQ(parse_graph_form("dot"), GraphForm::dot);
  EXPECT_EQ(parse_graph_form("mermaid"), GraphForm::mermaid);
  EXPECT_FALSE(parse_graph_form("svg"));
}

TEST(GraphFindingsTest, FindCirclesWithTheirExits) {
  const auto formula = Formula::parse(hires);
  const auto findings = examine_graph(*formula);
  EXPECT_EQ(findings.unreachable, (std::vector<std::size_t>{0}));
  ASSERT_EQ(findings.circles.size(), 1U);
  EXPECT_EQ(findings.circles.front().steps, (std::vector<std::size_t>{1, 3, 4}));
  EXPECT_TRUE(findings.circles.front().has_loop);
  EXPECT_FALSE(findings.circles.front().has_exit);
}

TEST(Graphs, OfThousandsOfStepsInARowAreDrawn) {
  std::string steps;
  for (int index = 0; index < 5'000; ++index) {
    steps += (index == 0 ? "" : ",") + std::string(R"({"type":"script","name":"s)") + std::to_string(index) +
             R"(","onSuccess":["s)" + std::to_string(index + 1) + R"("]})";
  }
  const auto formula =
      Formula::parse(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["s0"]}],"steps":[)" + steps + "]}");
  EXPECT_LT(draw_graph(*formula, GraphForm::text).size(), 400'000U);
}

}  // namespace
}  // namespace formulary
