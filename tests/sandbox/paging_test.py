"""Lists end in more ways than one: each is staged and read."""

import unittest

from sandbox_program import SandboxCase


class Paging(SandboxCase):
    ARGUMENTS = ("--rate-limits", "off", "--seed-data", "large")

    def set_trap(self, trap):
        self.control("POST", "/_sandbox/paging", {"trap": trap})

    def pages(self, path, count_max=40):
        """All pages, by nextPageId, until it is absent, null, empty or repeated."""
        separator = "&" if "?" in path else "?"
        result, page_id = [], None
        while len(result) < count_max:
            page = self.expect(200, "GET", path + (f"{separator}pageId={page_id}" if page_id else "")).json
            result.append(page)
            following = page.get("nextPageId")
            if not following or following == page_id:
                return result
            page_id = following
        self.fail(f"more than {count_max} pages")

    def ids(self, path):
        return [one["id"] for page in self.pages(path) for one in page["content"]]

    def test_jobs_by_page_id(self):
        ids = self.ids("/jobs?sort=job_id&limit=100")
        self.assertEqual((len(ids), ids), (250, sorted(set(ids))))

    def test_candidates_by_page_id(self):
        self.assertEqual(len(set(self.ids("/candidates?limit=100"))), 1200)

    def test_users_by_page_id(self):
        self.assertEqual(len(set(self.ids("/user-api/v201804/users"))), 220)

    def test_jobs_and_offers_by_offset(self):
        first = self.expect(200, "GET", "/jobs?limit=100&offset=200").json
        self.assertEqual((len(first["content"]), first["totalFound"]), (50, 250))
        self.assertNotIn("nextPageId", first)
        self.assertEqual(len(self.expect(200, "GET", "/offers?limit=3&offset=1").json["content"]), 3)

    def test_each_trap_ends_the_list_its_own_way(self):
        for trap, ending in (("normal", "absent"), ("null", None), ("empty", ""), ("repeated", "p.200")):
            with self.subTest(trap=trap):
                self.set_trap(trap)
                last = self.pages("/jobs?sort=job_id&limit=100")[-1]
                self.assertEqual(last.get("nextPageId", "absent"), ending)
                self.assertEqual(len(last["content"]), 50)

    def test_a_repeated_page_id_gives_the_same_page_again(self):
        self.set_trap("repeated")
        page = self.expect(200, "GET", "/jobs?sort=job_id&limit=100&pageId=p.200").json
        self.assertEqual(page["nextPageId"], "p.200")
        single = self.expect(200, "GET", "/jobs?sort=job_id&limit=100&q=LW-250").json
        self.assertEqual(single["nextPageId"], "p.0")

    def test_an_empty_page_lies_between(self):
        self.set_trap("empty-page")
        pages = self.pages("/jobs?sort=job_id&limit=100")
        self.assertEqual([len(page["content"]) for page in pages], [100, 0, 100, 0, 50])

    def test_a_link_header_leads_to_the_next_page(self):
        answer = self.expect(200, "GET", "/candidates?limit=100&status=NEW")
        self.assertRegex(answer.headers["Link"], r'^<http://127\.0\.0\.1:\d+/candidates\?limit=100&status=NEW&pageId=p\.100>; rel="next"$')
        self.assertIsNone(self.expect(200, "GET", "/candidates?limit=100&q=Aldous").headers["Link"])

    def test_page_ids_of_no_list_are_refused(self):
        for page_id in ("x", "p.", "p.-1", "p.1x", "e.", "e.99999999999999999999999"):
            with self.subTest(page_id=page_id):
                self.refused(400, "INVALID_PAGE_ID", "GET", f"/jobs?sort=job_id&pageId={page_id}")
        self.refused(400, "INVALID_PAGE_ID", "GET", "/jobs?pageId=p.10")

    def test_limits_outside_of_1_to_100_are_refused(self):
        for limit in ("0", "101", "-1", "ten", ""):
            with self.subTest(limit=limit):
                self.expect(400, "GET", f"/candidates?limit={limit}")


if __name__ == "__main__":
    unittest.main()
