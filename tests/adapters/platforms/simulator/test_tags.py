import pytest


async def create_tag(sft, tags):
    return await sft.send("/createTag", {"tagInfo": {"createTag": tags}})


async def endpoint_tag(sft, path, endpoint_id, name):
    return await sft.send(path, {"endpointTagInfo": {"endpointId": endpoint_id, "tagName": name}})


async def names(sft, **query):
    rows = (await sft.get("/GetEndpointTag", **query))["responseParam"]["rows"]
    return [row["tagName"] for row in rows]


async def test_one_tag_gets_10149_and_its_id(sft, code):
    answer = await create_tag(sft, {"tagName": "batch-1", "tagDescription": "first_batch"})
    assert code(answer) == ("0", "10149")
    assert isinstance(answer["tagId"], str)


async def test_several_tags_go_in_one_call_or_not_at_all(sft, code):
    assert code(await create_tag(sft, [{"tagName": "a"}, {"tagName": "b"}])) == ("0", "10149")
    assert code(await create_tag(sft, [{"tagName": "c"}, {"tagName": "b"}])) == ("1", "10150")
    assert sft.kinds() == ["create_tag", "create_tag"]


@pytest.mark.parametrize("name", ["", "two words", "dot.ted", "x" * 101, "ü", "line\n", 5, None])
async def test_a_bad_name_gets_10117(sft, code, name):
    assert code(await create_tag(sft, {"tagName": name})) == ("1", "10117")


async def test_a_description_has_the_limits_of_a_name(sft, code):
    assert code(await create_tag(sft, {"tagName": "a", "tagDescription": "no spaces"})) == ("1", "10117")


async def test_attaching_creates_a_new_tag_and_lists_it(sft, code):
    endpoint_id = await sft.created()
    assert code(await endpoint_tag(sft, "/createEndpointTag", endpoint_id, "batch-1")) == ("0", "2001")
    assert await names(sft, endpointId=endpoint_id) == ["batch-1"]
    assert sft.kinds() == ["create", "create_tag", "tag"]


async def test_attaching_twice_fails_with_2002(sft, code):
    endpoint_id = await sft.created()
    await create_tag(sft, {"tagName": "a"})
    assert code(await endpoint_tag(sft, "/createEndpointTag", endpoint_id, "a")) == ("0", "2001")
    assert code(await endpoint_tag(sft, "/createEndpointTag", endpoint_id, "a")) == ("1", "2002")


async def test_attaching_to_an_unknown_endpoint_fails(sft, code):
    assert code(await endpoint_tag(sft, "/createEndpointTag", "1", "a")) == ("1", "2002")
    assert code(await sft.get("/GetEndpointTag", endpointId="1")) == ("1", "2004")


async def test_a_tag_can_be_taken_off(sft):
    endpoint_id = await sft.created()
    await endpoint_tag(sft, "/createEndpointTag", endpoint_id, "a")
    await endpoint_tag(sft, "/createEndpointTag", endpoint_id, "b")
    assert (await endpoint_tag(sft, "/deleteEndpointTag", endpoint_id, "a"))["resultCode"] == "0"
    assert (await endpoint_tag(sft, "/deleteEndpointTag", endpoint_id, "a"))["resultCode"] == "1"
    assert await names(sft) == ["b"]


async def test_without_the_switch_endpoint_tag_calls_answer_404(start):
    sft = await start(set_b_tags=False)
    for method, path in (("POST", "/createEndpointTag"), ("GET", "/GetEndpointTag"), ("POST", "/deleteEndpointTag")):
        async with sft.request(method, path) as response:
            assert response.status == 404
    assert (await create_tag(sft, {"tagName": "a"}))["resultCode"] == "0"
